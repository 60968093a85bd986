import { behaviourSuite } from "./behaviour-suite.ts";

behaviourSuite("long-polling");
