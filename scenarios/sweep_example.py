"""A scenario as a script: sweep one parameter of the weekly campaign, on a small copy of a scenario file.

    python scenarios/sweep_example.py

Every setting is an arm of one experiment, so that all of them share customers and luck: differences between rows are
differences between settings.
"""

from pathlib import Path

import lifesim as ls

SCENARIO = Path(__file__).with_name("striving_youth.yaml")
WINDOWS = (2, 7, 30)
METRICS = ("first_purchase_rate", "touches_per_customer", "opt_out_rate")


def main() -> None:
    """Compare campaigns that reach customers who used the app within a window of days."""
    scenario = ls.load(SCENARIO)
    small = scenario.replace(
        population={"size": 4_000, "segments": scenario.population.segments},
        warm_up="30d",
        horizon="120d",
        experiment={"replications": 4, "seed": 1},
    )
    control = ls.Arm(use="current_practice")
    arms = {"control": control} | {
        f"within_{days}d": ls.Arm(
            use="current_practice", orchestration=[{"weekly_campaign": {"active_within_days": days}}]
        )
        for days in WINDOWS
    }
    effects = ls.compare(small, arms=arms).effects
    everyone = effects[(effects["segment"] == "all") & effects["metric"].isin(METRICS)]
    print(f"{'':22}{'arm':14}{'control':>10}{'effect':>10}   95% interval")
    for row in everyone.itertuples():
        interval = f"{row.low:+.4f} to {row.high:+.4f}"
        print(f"{row.metric:22}{row.arm:14}{row.control_mean:10.4f}{row.effect:+10.4f}   {interval}")


# Worker processes import this file, and must not start the sweep again.
if __name__ == "__main__":
    main()
