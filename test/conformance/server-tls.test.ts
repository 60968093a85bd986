import * as waterspout from "../../src/index.ts";
import { testTestee } from "./testees/test-testee.ts";
import { knownOfOurs, waterspoutServer } from "./testees/waterspout-server.ts";

testTestee(waterspoutServer("server with TLS", waterspout, { isSecure: true }), knownOfOurs);
