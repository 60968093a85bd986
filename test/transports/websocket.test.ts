import { behaviourSuite } from "./behaviour-suite.ts";

behaviourSuite("websocket");
