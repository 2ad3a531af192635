package prompt

import "errors"

// Errors of Library.Get.
var ErrUnknown = errors.New("unknown prompt")

// Errors of Load; each is wrapped with the file's name.
var (
	ErrFormat   = errors.New("not a WAV file of 8 or 16 kHz mono PCM16")
	ErrTooLarge = errors.New("prompt library exceeds its size limit")
	ErrEmpty    = errors.New("no audio in the file")
)
