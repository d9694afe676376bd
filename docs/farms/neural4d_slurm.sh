#!/usr/bin/env bash
# A batch on a Slurm cluster: each task of the array takes its share of the table.
#
#   sbatch --array=1-8 neural4d_slurm.sh prompts.csv /shared/models
#   blender --command neural4d merge /shared/models/report-*.csv -o /shared/models/report.csv
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
shard=$SLURM_ARRAY_TASK_ID

# exec, so that the signal a minute before the time is up reaches Blender itself.
exec "${BLENDER:-blender}" --online-mode --command neural4d batch "$table" \
    --shard "$shard/$SLURM_ARRAY_TASK_COUNT" \
    --data-dir "$folder/work/$shard" \
    --output "$folder" \
    --report "$folder/report-$shard.csv" \
    --concurrency 4 \
    --continue
