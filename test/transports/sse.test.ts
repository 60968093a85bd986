import { behaviourSuite } from "./behaviour-suite.ts";

behaviourSuite("sse");
