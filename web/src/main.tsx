import { render } from "preact";

import "./theme";
import "./base.css";
import "./parts.css";
import "./pages.css";
import { App } from "./app";

render(<App />, document.getElementById("app")!);
