import { expect, test } from "vitest";

import type { Channel } from "./channel.ts";
import { channelDraft, channelOf, mistakesOf } from "./channel-draft.ts";

const CHAT: Channel = {
  id: "c",
  name: "chat",
  kind: "slack",
  isDefault: true,
  url: "https://hooks.slack.com",
  settings: { group_by: ["alertname"], repeat: "4h", colour: "red" },
  secrets: ["url"],
  disabled: null,
  waiting: 0,
};

test("a secret that nobody typed stays, as does a setting that the form does not know", () => {
  const sent = channelOf(channelDraft(CHAT), "slack", CHAT);
  expect(JSON.parse(JSON.stringify(sent))).toEqual({
    name: "chat",
    kind: "slack",
    isDefault: true,
    enabled: true,
    settings: { group_by: ["alertname"], repeat: "4h", colour: "red" },
  });
});

test("a new webhook has an address, a way to sign, and headers by line", () => {
  const draft = { ...channelDraft(null), name: " a ", url: "https://a.example.com", headers: "x-a: b: c\n\nx-d" };
  const sent = channelOf(draft, "webhook", null);
  expect(sent).toMatchObject({ name: "a", url: "https://a.example.com", signing: "hmac", routingKey: undefined });
  expect(sent.headers).toEqual({ "x-a": "b: c", "x-d": "" });
});

test("what is wrong stands at its field", () => {
  const mistakes = [
    { at: "url", message: "no https" },
    { at: "settings.repeat", message: "too short" },
    { at: "routing_key", message: "is not of this kind" },
  ];
  expect(mistakesOf(mistakes, "webhook")).toEqual({
    at: { url: ["no https"], repeat: ["too short"] },
    elsewhere: ["routing_key: is not of this kind"],
  });
});
