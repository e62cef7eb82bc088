/** The sections of a function's page, in the order in which they stand. */

export const SECTIONS = [
  { id: "costs", title: "Findings" },
  { id: "time", title: "Over time" },
  { id: "why", title: "Why" },
  { id: "path", title: "Where time goes" },
  { id: "starts", title: "Starts" },
  { id: "errors", title: "Errors" },
  { id: "alerts", title: "Alerts" },
  { id: "calls", title: "Calls" },
  { id: "versions", title: "Versions" },
  { id: "memory", title: "Memory and cost" },
  { id: "sandboxes", title: "Sandboxes" },
  { id: "invocations", title: "Invocations" },
] as const;

export type SectionId = (typeof SECTIONS)[number]["id"];
