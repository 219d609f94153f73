// npm run setup: all set-up and nothing else.

import { setUpOrExit } from "./setup/set-up.mjs";
import { userSteps } from "./setup/steps.mjs";

await setUpOrExit(userSteps);
console.error("grym-synth is set up. Next: npm start");
