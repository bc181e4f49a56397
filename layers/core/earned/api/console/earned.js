/** The elements for any page: `<script type="module" src="…/console/earned.js">`. */

import { EarnedDiagnosis } from "./diagnosis.js";
import { EarnedProgress } from "./progress.js";
import { EarnedTeam } from "./team.js";
import { EarnedUnmarkedAttendance } from "./unmarked-attendance.js";

const ELEMENTS = {
  "earned-diagnosis": EarnedDiagnosis,
  "earned-progress": EarnedProgress,
  "earned-team": EarnedTeam,
  "earned-unmarked-attendance": EarnedUnmarkedAttendance,
};

for (const [name, element] of Object.entries(ELEMENTS)) if (!customElements.get(name)) customElements.define(name, element);

export { EarnedDiagnosis, EarnedProgress, EarnedTeam, EarnedUnmarkedAttendance };
