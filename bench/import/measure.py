"""`maestro dataset import` of a generated file with 15 columns, as wide as a census extract."""
import argparse
import os
import random
import resource
import subprocess
import sys
import time

sys.path.insert(0, __file__.rsplit("/", 2)[0])
import common  # noqa: E402

WORK = ["Private", "Self-emp-inc", "Federal-gov", "Local-gov", "State-gov", "Without-pay"]
SCHOOL = ["Bachelors", "HS-grad", "Masters", "Some-college", "Doctorate", "11th"]
HEADER = ("id,age,workclass,fnlwgt,education,education_num,marital,occupation,relationship,race,"
          "sex,capital_gain,capital_loss,hours,income\n")


def write_rows(path, rows):
    """The same rows every time."""
    dice = random.Random(7)
    with open(path, "w", encoding="utf-8") as out:
        out.write(HEADER)
        for number in range(rows):
            out.write(f"{number},{dice.randrange(17, 91)},{dice.choice(WORK)},"
                      f"{dice.randrange(12_285, 1_484_705)},{dice.choice(SCHOOL)},"
                      f"{dice.randrange(1, 17)},Never-married,Prof-specialty,Not-in-family,White,"
                      f"{dice.choice(['Male', 'Female'])},{dice.randrange(0, 99_999)},0,"
                      f"{dice.randrange(1, 99)},{dice.choice(['<=50K', '>50K'])}\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--rows", type=int, default=300_000)
    options = parser.parse_args()
    where = common.folder()
    source = f"{where}/rows.csv"
    write_rows(source, options.rows)
    cpu, wall = [], []
    for number in range(options.rounds):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        begin = time.monotonic()
        subprocess.run(
            ["taskset", "-c", str(common.SERVER_CORE), f"{common.BIN}/maestro", "-q",
             "--data-dir", f"{where}/state", "dataset", "import", source, "--dataset", "census",
             "--tenant", "alpha", "--source", f"sqlite:{where}/{number}.db", "--create"],
            check=True, stdout=subprocess.DEVNULL)
        wall.append(time.monotonic() - begin)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    common.emit({"bench": "import", "rows": options.rows, "bytes": os.path.getsize(source),
                 "rounds": options.rounds, "rows_s": round(options.rows / min(wall)),
                 "rows_cpu_s": round(options.rows / min(cpu)),
                 "cpu_us_per_row": round(min(cpu) / options.rows * 1e6, 2)})


if __name__ == "__main__":
    main()
