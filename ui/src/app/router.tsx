/** Which address shows which view. The state of a page is in its address. */

import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from "@tanstack/react-router";

import { parseRangeSearch } from "../model/range.ts";
import {
  parseDeliveriesSearch,
  parseFindSearch,
  parseHistorySearch,
  parseNewChannelSearch,
  parseNewRuleSearch,
  parseNewSilenceSearch,
  parseRuleSearch,
} from "../views/alerts/url.ts";
import { parseColdStartsSearch } from "../views/cold-starts/url.ts";
import { parseErrorsSearch } from "../views/errors/url.ts";
import { parseFindingsSearch, parseFunctionSearch, parseInvocationsSearch } from "../views/invocations/url.ts";
import { parseLogsSearch } from "../views/logs/url.ts";
import { parseMapSearch } from "../views/map/url.ts";
import { OverviewPage } from "../views/overview/index.tsx";
import { parseOverviewSearch, parseStartSearch } from "../views/overview/url.ts";
import { parseSearchSearch } from "../views/search/url.ts";
import { parseTailSearch } from "../views/tail/url.ts";
import { parseTraceSearch } from "../views/trace/url.ts";
import { parseTracesSearch } from "../views/traces/url.ts";
import { NoSuchPage, PageFailure } from "./Problems.tsx";
import { Shell } from "./Shell.tsx";
import { parseSearch, printSearch } from "./search.ts";

const root = createRootRoute({ component: Shell, notFoundComponent: NoSuchPage, errorComponent: PageFailure });

const alerts = () => import("../views/alerts/index.tsx");
const errors = () => import("../views/errors/index.tsx");

const routes = [
  createRoute({
    getParentRoute: () => root,
    path: "/",
    validateSearch: parseOverviewSearch,
    component: OverviewPage,
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/start",
    validateSearch: parseStartSearch,
    component: lazyRouteComponent(() => import("../views/overview/start/index.tsx"), "StartPage"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/functions/$function",
    validateSearch: parseFunctionSearch,
    component: lazyRouteComponent(() => import("../views/invocations/FunctionPage.tsx"), "FunctionPage"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/findings",
    validateSearch: parseFindingsSearch,
    component: lazyRouteComponent(() => import("../views/invocations/FindingsPage.tsx"), "FindingsPage"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/invocations",
    validateSearch: parseInvocationsSearch,
    component: lazyRouteComponent(() => import("../views/invocations/index.tsx"), "InvocationsPage"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/invocations/$requestId",
    validateSearch: parseTraceSearch,
    component: lazyRouteComponent(() => import("../views/trace/index.tsx"), "InvocationPage"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/traces",
    validateSearch: parseTracesSearch,
    component: lazyRouteComponent(() => import("../views/traces/index.tsx"), "TracesPage"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/traces/$traceId",
    validateSearch: parseTraceSearch,
    component: lazyRouteComponent(() => import("../views/trace/index.tsx"), "TracePage"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/search",
    validateSearch: parseSearchSearch,
    component: lazyRouteComponent(() => import("../views/search/index.tsx"), "SearchPage"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/errors",
    validateSearch: parseErrorsSearch,
    component: lazyRouteComponent(errors, "ErrorsPage"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/errors/$group",
    validateSearch: parseRangeSearch,
    component: lazyRouteComponent(errors, "ErrorPage"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/logs",
    validateSearch: parseLogsSearch,
    component: lazyRouteComponent(() => import("../views/logs/index.tsx"), "LogsPage"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/tail",
    validateSearch: parseTailSearch,
    component: lazyRouteComponent(() => import("../views/tail/index.tsx"), "TailPage"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/cold-starts",
    validateSearch: parseColdStartsSearch,
    component: lazyRouteComponent(() => import("../views/cold-starts/index.tsx"), "ColdStartsPage"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/map",
    validateSearch: parseMapSearch,
    component: lazyRouteComponent(() => import("../views/map/index.tsx"), "MapPage"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/alerts",
    validateSearch: parseFindSearch,
    component: lazyRouteComponent(alerts, "ActivePage"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/alerts/history",
    validateSearch: parseHistorySearch,
    component: lazyRouteComponent(alerts, "HistoryPage"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/alerts/rules",
    validateSearch: parseFindSearch,
    component: lazyRouteComponent(alerts, "RulesPage"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/alerts/rules/new",
    validateSearch: parseNewRuleSearch,
    component: lazyRouteComponent(alerts, "NewRulePage"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/alerts/rules/$rule",
    validateSearch: parseRuleSearch,
    component: lazyRouteComponent(alerts, "RulePage"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/alerts/silences",
    component: lazyRouteComponent(alerts, "SilencesPage"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/alerts/silences/new",
    validateSearch: parseNewSilenceSearch,
    component: lazyRouteComponent(alerts, "NewSilencePage"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/alerts/channels",
    component: lazyRouteComponent(alerts, "ChannelsPage"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/alerts/channels/new",
    validateSearch: parseNewChannelSearch,
    component: lazyRouteComponent(alerts, "NewChannelPage"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/alerts/channels/$channel",
    component: lazyRouteComponent(alerts, "ChannelPage"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/alerts/deliveries",
    validateSearch: parseDeliveriesSearch,
    component: lazyRouteComponent(alerts, "DeliveriesPage"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/alerts/deliveries/$delivery",
    component: lazyRouteComponent(alerts, "DeliveryPage"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/alerts/$alert",
    component: lazyRouteComponent(alerts, "AlertPage"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/settings",
    component: lazyRouteComponent(() => import("../views/settings/index.tsx"), "SettingsPage"),
  }),
] as const;

export const router = createRouter({
  routeTree: root.addChildren(routes),
  parseSearch,
  stringifySearch: printSearch,
  scrollRestoration: true,
  defaultPreload: "intent",
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
