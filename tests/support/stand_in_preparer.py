"""Takes the preparer's place where a test has no Blender: writes facts, or fails in a given way.

python stand_in_preparer.py [crash|growing|grown|hang|broken|secret|greedy|online PORT|unable|scores 0.5,0.9] -
"""

from __future__ import annotations

import json
import os
import socket
import sys
import time
from pathlib import Path


def read(path: str) -> bytes:
    """As the real one reads: whoever has the file open, as a virus scanner does on Windows, is waited for."""
    while True:
        try:
            return Path(path).read_bytes()
        except PermissionError:
            time.sleep(0.01)


behaviour = sys.argv[1] if len(sys.argv) > 2 else ""
if behaviour == "unable":
    sys.exit("libGL.so.1: cannot open shared object file")
print("neural4d: ready", flush=True)
job_file = sys.stdin.readline().strip()
if not job_file:
    sys.exit()
job = json.loads(read(job_file))
for said in ("growing", "grown"):
    if behaviour in (said, "grown"):
        print(f"neural4d: {said}", flush=True)
if behaviour in ("crash", "growing", "grown"):
    os.abort()
if behaviour == "hang":
    time.sleep(60)
for source, target in job.get("pictures", ()):
    Path(target).write_bytes(read(source))
if "pictures" in job:
    Path(job["facts"]).write_text('{"ok": true}', encoding="utf-8")
    sys.exit()
if job.get("task") == "boxes":
    boxes = [{"name": "Chair.001", "collection": "Room", "size_mm": [500.0, 600.0, 900.0]}]
    Path(job["facts"]).write_text(json.dumps({"ok": True, "boxes": boxes}), encoding="utf-8")
    sys.exit()
Path(job["output"]).write_bytes(read(job["source"])[:12])
facts = {"ok": True, "root": job["name"], "dimensions_mm": [1.0, 2.0, 3.0], "measured_mm": job.get("size_mm")}
if behaviour.startswith("scores "):  # of each variant, for every use
    scores = [float(one) for one in behaviour.split()[1].split(",")]
    index = int(Path(job["output"]).stem.removeprefix("v"))
    score = scores[min(index, len(scores) - 1)]
    verdicts = [{"use": use, "ok": True, "score": score, "reasons": []} for use in ("render", "game", "print")]
    facts["report"] = {"findings": [], "verdicts": verdicts}
if behaviour == "broken":
    facts = {"ok": False, "code": "BrokenModel", "what": "There is nothing in it.", "remedy": ""}
if behaviour == "secret":
    facts["environment"] = dict(os.environ)
if behaviour == "greedy":
    facts["held"] = len(bytearray(2**30))
if behaviour.startswith("online "):
    with socket.socket() as probe:
        facts["reached"] = probe.connect_ex(("127.0.0.1", int(behaviour.split()[1])))
Path(job["facts"]).write_text(json.dumps(facts), encoding="utf-8")
