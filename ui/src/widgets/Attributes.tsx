import type { JSX } from "react";

import { type Attribute, valueText } from "../model/attribute.ts";
import { Copy } from "./Copy.tsx";

/** Attributes as they came, each with its type on hover. */
export function Attributes({ of }: { readonly of: readonly Attribute[] }): JSX.Element {
  return (
    <dl className="attributes">
      {of.map(({ key, value }, at) => {
        const text = valueText(value);
        return (
          <div key={at}>
            <dt>{key}</dt>
            <dd title={value.kind} className={`value-${value.kind}`}>
              <span>{text === "" ? <span className="none">empty</span> : text}</span>
              {text !== "" && <Copy text={text} what={key} />}
            </dd>
          </div>
        );
      })}
    </dl>
  );
}
