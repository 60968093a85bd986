import * as waterspout from "../../src/index.ts";
import { testTestee } from "./testees/test-testee.ts";
import { knownOfOurs, waterspoutServer } from "./testees/waterspout-server.ts";

const name = "server without the shared read buffer";
testTestee(waterspoutServer(name, waterspout, { websocket: { sharedReadBuffer: false } }), knownOfOurs);
