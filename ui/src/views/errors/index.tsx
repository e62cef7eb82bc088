/** The pages of errors: loaded when the first of them is opened. */

import "./errors.css";

export { ErrorPage } from "./ErrorPage.tsx";
export { ErrorsPage } from "./ErrorsPage.tsx";
