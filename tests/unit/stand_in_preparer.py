"""Takes the preparer's place where a test has no Blender: writes facts, or fails in a given way.

python stand_in_preparer.py [crash|hang|broken|secret] JOB.json
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

job = json.loads(Path(sys.argv[-1]).read_text(encoding="utf-8"))
behaviour = sys.argv[1] if len(sys.argv) > 2 else ""
if behaviour == "crash":
    os.abort()
if behaviour == "hang":
    time.sleep(60)
Path(job["output"]).write_bytes(Path(job["source"]).read_bytes()[:12])
facts = {"ok": True, "root": job["name"], "dimensions_mm": [1.0, 2.0, 3.0], "measured_mm": job["size_mm"]}
if behaviour == "broken":
    facts = {"ok": False, "code": "BrokenModel", "what": "There is nothing in it.", "remedy": ""}
if behaviour == "secret":
    facts["environment"] = dict(os.environ)
Path(job["facts"]).write_text(json.dumps(facts), encoding="utf-8")
