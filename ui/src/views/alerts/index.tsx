/** All pages of alerts: loaded when the first of them is opened. */

import "./alerts.css";

export { ActivePage } from "./ActivePage.tsx";
export { AlertPage } from "./AlertPage.tsx";
export { ChannelPage, NewChannelPage } from "./ChannelPage.tsx";
export { ChannelsPage } from "./ChannelsPage.tsx";
export { DeliveriesPage } from "./DeliveriesPage.tsx";
export { DeliveryPage } from "./DeliveryPage.tsx";
export { HistoryPage } from "./HistoryPage.tsx";
export { NewSilencePage } from "./NewSilencePage.tsx";
export { NewRulePage, RulePage } from "./RulePage.tsx";
export { RulesPage } from "./RulesPage.tsx";
export { SilencesPage } from "./SilencesPage.tsx";
