package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	std := streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Color: terminal(os.Stdout) && os.Getenv("NO_COLOR") == ""}
	code := newApp(std, gateway{serve: serve, selftest: selftest}).run(ctx, os.Args[1:])
	stop()
	os.Exit(code)
}

func terminal(f *os.File) bool {
	_, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	return err == nil
}
