import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

import { must } from "../base/assert.ts";
import { listenToKeys } from "../widgets/keys.ts";
import { applyTheme } from "../widgets/theme.ts";
import { applyTimes } from "../widgets/times.ts";
import { notePlaces, noteSearch } from "./places.ts";
import { router } from "./router.tsx";
import "./tokens.css";
import "./base.css";
import "../widgets/widgets.css";
import "../views/views.css";
import "../views/overview/overview.css";

const queries = new QueryClient({
  // A failure is shown at once, with a way to try again, rather than after three silent attempts.
  defaultOptions: { queries: { retry: false, staleTime: 2_000, networkMode: "always" } },
});

applyTheme();
applyTimes();
listenToKeys();
notePlaces();
router.subscribe("onResolved", noteSearch);

createRoot(must(document.getElementById("root"), "index.html has it")).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  </StrictMode>,
);
