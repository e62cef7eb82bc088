/** The head of every page of alerts: where one is, and the way to the others. */

import { Link, useNavigate } from "@tanstack/react-router";
import type { JSX, ReactNode } from "react";

import { useKeys } from "../../widgets/keys.ts";

const PAGES = [
  { to: "/alerts", name: "Active", key: "1" },
  { to: "/alerts/history", name: "History", key: "2" },
  { to: "/alerts/rules", name: "Rules", key: "3" },
  { to: "/alerts/silences", name: "Silences", key: "4" },
  { to: "/alerts/channels", name: "Channels", key: "5" },
  { to: "/alerts/deliveries", name: "Deliveries", key: "6" },
] as const;

/** Of a list. */
export function AlertsHead({ children }: { readonly children?: ReactNode }): JSX.Element {
  return (
    <>
      <header className="page-head">
        <h1>Alerts</h1>
        <div className="tools">{children}</div>
      </header>
      <Tabs />
    </>
  );
}

interface PartHeadProps {
  readonly title: ReactNode;
  /** The list that it is of. */
  readonly of: (typeof PAGES)[number]["to"];
  readonly children?: ReactNode;
}

/** Of one of a list. */
export function PartHead({ title, of, children }: PartHeadProps): JSX.Element {
  const navigate = useNavigate();
  const name = PAGES.find(page => page.to === of)?.name ?? "";
  useKeys("Page", [{ keys: ["u"], does: `up to ${name.toLowerCase()}`, run: () => navigate({ to: of }) }]);
  return (
    <header className="page-head">
      <div>
        <nav className="crumbs" aria-label="Where this is">
          <Link to="/alerts">Alerts</Link>
          <span aria-hidden="true">/</span>
          <Link to={of}>{name}</Link>
        </nav>
        <h1>{title}</h1>
      </div>
      <div className="tools">{children}</div>
    </header>
  );
}

function Tabs(): JSX.Element {
  const navigate = useNavigate();
  useKeys(
    "Alerts",
    PAGES.map(({ to, name, key }) => ({ keys: [key], does: name.toLowerCase(), run: () => navigate({ to }) })),
  );
  return (
    <nav className="tabs" aria-label="Alerts">
      {PAGES.map(({ to, name }) => (
        <Link key={to} to={to} activeOptions={{ exact: true, includeSearch: false }}>
          {name}
        </Link>
      ))}
    </nav>
  );
}
