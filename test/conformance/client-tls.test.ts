import * as waterspout from "../../src/index.ts";
import { testTestee } from "./testees/test-testee.ts";
import { waterspoutClient } from "./testees/waterspout-client.ts";

testTestee(waterspoutClient("client with TLS", waterspout, { isSecure: true }));
