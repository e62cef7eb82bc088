/** The collector's addresses, and whether what is to send can reach them. */

import type { JSX } from "react";

import { isLoopback, type StartSettings, UNKNOWN } from "../../../model/start.ts";
import { Copy } from "../../../widgets/Copy.tsx";

interface ReachProps {
  readonly settings: StartSettings;
  /** Whether what is to send runs on this machine. */
  readonly isHere: boolean;
}

export function Reach({ settings: { otlpGrpc: grpc, otlpHttp: http }, isHere }: ReachProps): JSX.Element {
  const isUnknown = grpc === null || http === null;
  const isOwn = [grpc, http].some(address => address !== null && isLoopback(address));
  return (
    <>
      <dl className="start-addresses">
        <Address title="gRPC" of={grpc} what="address over gRPC" />
        <Address title="HTTP" of={http} what="address over HTTP" />
      </dl>
      {isUnknown && (
        <p className="start-warning">
          The collector runs elsewhere and the query service was not told its address. Put it in place of{" "}
          <code>{UNKNOWN.grpc}</code> and <code>{UNKNOWN.http}</code> below, or set <code>otlp_grpc_url</code> and{" "}
          <code>otlp_http_url</code> in its section <code>[query]</code>.
        </p>
      )}
      {isOwn && !isHere && (
        <p className="start-warning">
          <strong>Only this machine can reach that address.</strong> A function in the cloud can’t: it needs a collector
          that listens on an address of its network, with a key and TLS. Set <code>grpc_listen</code> and{" "}
          <code>http_listen</code> in the section <code>[collector]</code> to <code>0.0.0.0:4317</code> and{" "}
          <code>0.0.0.0:4318</code>, and <code>tls_cert</code> and <code>tls_key</code>.
        </p>
      )}
    </>
  );
}

interface AddressProps {
  readonly title: string;
  readonly of: string | null;
  readonly what: string;
}

function Address({ title, of, what }: AddressProps): JSX.Element {
  return (
    <div>
      <dt>{title}</dt>
      <dd>
        {of === null ? (
          <span className="quiet">not known here</span>
        ) : (
          <>
            <code>{of}</code>
            <Copy text={of} what={what} />
          </>
        )}
      </dd>
    </div>
  );
}
