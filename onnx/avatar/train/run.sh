#!/usr/bin/env bash
# Builds the model from nothing: environment, data, every training stage, export, evaluation. Every stage resumes or is
# skipped when its result exists, so the script can be stopped and started again.
# Usage: run.sh [--work-dir DIR] [--python PYTHON]   (PYTHON: an interpreter that already has requirements.txt)
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
work="$here/work"
python=""
while [ $# -gt 0 ]; do
  case "$1" in
    --work-dir) work="$2"; shift 2 ;;
    --python) python="$2"; shift 2 ;;
    *) echo "unknown option: $1" >&2; exit 2 ;;
  esac
done
mkdir -p "$work"
if [ -z "$python" ]; then
  [ -x "$work/venv/bin/python" ] || python3 -m venv "$work/venv"
  python="$work/venv/bin/python"
  "$python" -m pip install --quiet -r "$here/requirements.txt"
fi

# One single-threaded worker per core: see training.py. Waiting workers must not burn the core of a busy one.
export OMP_NUM_THREADS=1 OMP_WAIT_POLICY=PASSIVE
workers="$(nproc)"
alone() { "$python" "$here/$1" --work-dir "$work" "${@:2}"; }
together() { "$python" -m torch.distributed.run --standalone --nproc-per-node "$workers" "$here/$1" --work-dir "$work"; }

[ -f "$work/tokenizer/tokenizer.json" ] || alone tokenizer.py
alone dataset.py
together train_vae.py
alone cache_latents.py
together train_text.py
together train_decoder.py
alone check_reader.py
together train_unet.py
alone export.py
alone evaluate.py
"$python" "$here/sheet.py"
