/** Which address shows which view. The state of a page is in its address. */

import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from "@tanstack/react-router";

import {
  parseDeliveriesSearch,
  parseFindSearch,
  parseHistorySearch,
  parseNewChannelSearch,
  parseNewRuleSearch,
  parseNewSilenceSearch,
  parseRuleSearch,
} from "../views/alerts/url.ts";
import { FunctionsPage } from "../views/functions/index.tsx";
import { parseFunctionsSearch } from "../views/functions/url.ts";
import { FindingsPage } from "../views/invocations/FindingsPage.tsx";
import { InvocationsPage } from "../views/invocations/index.tsx";
import { parseFindingsSearch, parseFunctionSearch, parseInvocationsSearch } from "../views/invocations/url.ts";
import { parseSearchSearch } from "../views/search/url.ts";
import { parseTraceSearch } from "../views/trace/url.ts";
import { TracesPage } from "../views/traces/index.tsx";
import { parseTracesSearch } from "../views/traces/url.ts";
import { NoSuchPage, PageFailure } from "./Problems.tsx";
import { Shell } from "./Shell.tsx";
import { parseSearch, printSearch } from "./search.ts";

const root = createRootRoute({ component: Shell, notFoundComponent: NoSuchPage, errorComponent: PageFailure });

const alerts = () => import("../views/alerts/index.tsx");

const routes = [
  createRoute({
    getParentRoute: () => root,
    path: "/",
    validateSearch: parseFunctionsSearch,
    component: FunctionsPage,
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
    component: FindingsPage,
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/invocations",
    validateSearch: parseInvocationsSearch,
    component: InvocationsPage,
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
    component: TracesPage,
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
