/** The search for traces by a query: loaded when it is opened. */

import "./search.css";

export { SearchPage } from "./SearchPage.tsx";
