import { testTestee } from "./testees/test-testee.ts";
import { knownOfWs } from "./testees/ws-differences.ts";
import { wsServer } from "./testees/ws.ts";

testTestee(wsServer(), knownOfWs);
