package main

import (
	"time"

	"github.com/urfave/cli/v2"

	"tandem/cmd/tandem-load/figures"
)

func callsCommand() *cli.Command {
	flags := []cli.Flag{
		&cli.Float64SliceFlag{Name: "rate", Value: cli.NewFloat64Slice(300), Usage: "calls a second; may be given again"},
		&cli.DurationFlag{Name: "for", Value: 8 * time.Second, Usage: "how long calls are begun at each rate"},
		&cli.DurationFlag{Name: "hold", Value: time.Second, Usage: "from answer to BYE"},
		&cli.BoolFlag{Name: "ring", Usage: "the callee sends 180 first"},
		&cli.BoolFlag{Name: "out", Usage: "over a trunk instead of to a phone"},
	}
	return command("calls", "bridged calls at a fixed rate", flags, func(c *cli.Context, s settings) (figures.Report, error) {
		plan := callsPlan{For: c.Duration("for"), Hold: c.Duration("hold"), Ring: c.Bool("ring"), Out: c.Bool("out"), Limit: 40 * time.Second}
		return runRates(s, plan, c.Float64Slice("rate"))
	})
}

func relayCommand() *cli.Command {
	flags := []cli.Flag{
		&cli.IntSliceFlag{Name: "calls", Value: cli.NewIntSlice(100, 300, 600), Usage: "bridged calls at once; may be given again"},
		&cli.DurationFlag{Name: "for", Value: 6 * time.Second, Usage: "measured time of each"},
	}
	return command("relay", "audio through bridged calls, beside a C relay", flags, func(c *cli.Context, s settings) (figures.Report, error) {
		var report figures.Report
		for _, n := range c.IntSlice("calls") {
			part, err := runRelay(s, relayPlan{Calls: n, Warmup: 2 * time.Second, Window: c.Duration("for")})
			if report = append(report, part...); err != nil {
				return report, err
			}
		}
		return report, nil
	})
}

func queueCommand() *cli.Command {
	flags := []cli.Flag{
		&cli.IntFlag{Name: "callers", Value: 500, Usage: "that wait at once, with music"},
		&cli.DurationFlag{Name: "for", Value: 10 * time.Second, Usage: "that their music is counted"},
		&cli.IntFlag{Name: "idle", Value: 300, Usage: "callers that meet an idle agent"},
		&cli.IntFlag{Name: "handoff", Value: 200, Usage: "callers for whom the agent must become free"},
		&cli.IntFlag{Name: "waiting", Value: 5, Usage: "of them at once"},
	}
	return command("queue", "waiting callers, and how soon agents are rung", flags, func(c *cli.Context, s settings) (figures.Report, error) {
		return runQueue(s, queuePlan{
			Callers: c.Int("callers"), Window: c.Duration("for"), Idle: c.Int("idle"), Handoff: c.Int("handoff"), Waiting: c.Int("waiting"),
		})
	})
}

func heldCommand() *cli.Command {
	flags := []cli.Flag{&cli.IntFlag{Name: "held", Value: 2000, Usage: "calls at once"}}
	return command("held", "what a held call takes in memory", flags, func(c *cli.Context, s settings) (figures.Report, error) {
		return runHeld(s, c.Int("held"))
	})
}

func overloadCommand() *cli.Command {
	flags := []cli.Flag{
		&cli.Float64Flag{Name: "rate", Value: 2000, Usage: "calls a second that are offered"},
		&cli.Float64Flag{Name: "limit", Value: 500, Usage: "calls a second that the gateway admits; 0: as many as it can"},
		&cli.DurationFlag{Name: "for", Value: 5 * time.Second, Usage: "how long calls are offered"},
	}
	return command("overload", "more calls than are served", flags, func(c *cli.Context, s settings) (figures.Report, error) {
		return runOverload(s, overloadPlan{Rate: c.Float64("rate"), Limit: c.Float64("limit"), For: c.Duration("for")})
	})
}

func soakCommand() *cli.Command {
	flags := []cli.Flag{
		&cli.IntFlag{Name: "calls", Value: 300, Usage: "at once"},
		&cli.IntFlag{Name: "agents", Value: 60, Usage: "that take them"},
		&cli.DurationFlag{Name: "for", Value: 10 * time.Minute, Usage: "how long callers come"},
	}
	return command("soak", "callers who press keys, wait and talk; then what is left behind", flags, func(c *cli.Context, s settings) (figures.Report, error) {
		return runSoak(s, soakPlan{Calls: c.Int("calls"), Agents: c.Int("agents"), For: c.Duration("for")})
	})
}

func benchCommand() *cli.Command {
	flags := []cli.Flag{&cli.BoolFlag{Name: "quick", Usage: "shorter and smaller"}}
	return command("bench", "every figure beside its goal, in one run", flags, func(c *cli.Context, s settings) (figures.Report, error) {
		plan := fullBench
		if c.Bool("quick") {
			plan = quickBench
		}
		return runBench(s, plan), nil
	})
}
