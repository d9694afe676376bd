// A job type for Flamenco 3: put this file into the folder "scripts" beside Flamenco Manager's executable.
// The job then has one task for each share of the table, and one that joins their reports.
//
// SPDX-License-Identifier: GPL-3.0-or-later
const JOB_TYPE = {
    label: "Neural4D Batch",
    description: "Models from a table of prompts or images, made by several workers.",
    settings: [
        {
            key: "table", type: "string", subtype: "file_path", required: true,
            description: "CSV or JSONL, on a disk that all workers share",
        },
        {
            key: "folder", type: "string", subtype: "dir_path", required: true,
            description: "For models and reports, on a disk that all workers share",
        },
        { key: "shards", type: "int32", default: 4, description: "Shares that the table is split into" },
        { key: "concurrency", type: "int32", default: 4, description: "Jobs of one share that run at the same time" },
        {
            key: "budget", type: "int32", default: 0,
            description: "Points that one share may cost; 0 sets no limit",
        },
    ],
};

// The keys of the services are in the environment of the workers: a job's settings are for everybody to see.
function compileJob(job) {
    const settings = job.settings;
    const reports = [];
    const merging = author.Task("merge reports", "misc");

    for (let shard = 1; shard <= settings.shards; shard++) {
        const report = path.join(settings.folder, `report-${shard}.csv`);
        reports.push(report);
        const task = author.Task(`share ${shard} of ${settings.shards}`, "blender");
        const args = [
            settings.table,
            "--shard", `${shard}/${settings.shards}`,
            "--data-dir", path.join(settings.folder, "work", `${shard}`),
            "--output", settings.folder,
            "--report", report,
            "--concurrency", `${settings.concurrency}`,
            // A task that Flamenco starts once more goes on where it was, and pays nothing twice.
            "--continue",
            // Otherwise one prompt that the service refuses would fail the task, and the reports would not be joined.
            "--allow-failed",
        ];
        if (settings.budget > 0) {
            args.push("--budget", `${settings.budget}`);
        }
        task.addCommand(command("batch", args));
        job.addTask(task);
        merging.addDependency(task);
    }

    merging.addCommand(command("merge", [...reports, "-o", path.join(settings.folder, "report.csv"), "--allow-failed"]));
    job.addTask(merging);
}

function command(name, args) {
    return author.Command("exec", {
        exe: "{blender}",
        args: ["--online-mode", "--command", "neural4d", name, ...args],
    });
}
