#!/usr/bin/env bash
# A batch on a Slurm cluster: each task of the array takes its share of the table.
#
#   sbatch --array=1-8 neural4d_slurm.sh prompts.csv /shared/models 8
#   blender --command neural4d merge /shared/models/report-*.csv -o /shared/models/report.csv
#
# The 8 is the number of shares, which stays what it was when the batch was begun. One of them once more:
#
#   sbatch --array=3 neural4d_slurm.sh prompts.csv /shared/models 8
#
# The key, NEURAL4D_API_TOKEN, comes with the environment that sbatch passes on. Submitted once more, the same
# line goes on where it was: nothing that was paid is paid again.
#
#SBATCH --job-name=neural4d
#SBATCH --array=1-8
#SBATCH --cpus-per-task=2
#SBATCH --mem=4G
#SBATCH --time=04:00:00
#SBATCH --output=%x-%A-%a.log
#SBATCH --requeue
#SBATCH --signal=B:TERM@60

set -euo pipefail

table=${1:?the table of prompts or images}
folder=${2:?the folder for models and reports, on a disk that all nodes share}
# Not SLURM_ARRAY_TASK_COUNT, which counts what was submitted now: with --array=3 that is 1.
shares=${3:?how many shares the table is split into}
shard=$SLURM_ARRAY_TASK_ID

if ! [[ $shares =~ ^[1-9][0-9]*$ ]] || ((shard < 1 || shard > shares)); then
    echo "Task $shard is none of the shares 1 to $shares: give --array=1-N and N as the number of shares." >&2
    exit 2
fi

# exec, so that the signal a minute before the time is up reaches Blender itself.
exec "${BLENDER:-blender}" --online-mode --command neural4d batch "$table" \
    --shard "$shard/$shares" \
    --data-dir "$folder/work/$shard" \
    --output "$folder" \
    --report "$folder/report-$shard.csv" \
    --concurrency 4 \
    --continue
