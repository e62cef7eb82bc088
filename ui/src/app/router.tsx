/** Which address shows which view. The state of a page is in its address. */

import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from "@tanstack/react-router";

import { FunctionsPage } from "../views/functions/index.tsx";
import { parseFunctionsSearch } from "../views/functions/url.ts";
import { FindingsPage } from "../views/invocations/FindingsPage.tsx";
import { FunctionPage } from "../views/invocations/FunctionPage.tsx";
import { InvocationsPage } from "../views/invocations/index.tsx";
import { parseFindingsSearch, parseFunctionSearch, parseInvocationsSearch } from "../views/invocations/url.ts";
import { parseTraceSearch } from "../views/trace/url.ts";
import { TracesPage } from "../views/traces/index.tsx";
import { parseTracesSearch } from "../views/traces/url.ts";
import { NoSuchPage, PageFailure } from "./Problems.tsx";
import { Shell } from "./Shell.tsx";
import { parseSearch, printSearch } from "./search.ts";

const root = createRootRoute({ component: Shell, notFoundComponent: NoSuchPage, errorComponent: PageFailure });

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
    component: FunctionPage,
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
