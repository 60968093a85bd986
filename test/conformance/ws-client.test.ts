import { testTestee } from "./testees/test-testee.ts";
import { knownOfWs } from "./testees/ws-differences.ts";
import { wsClient } from "./testees/ws.ts";

testTestee(wsClient(), knownOfWs);
