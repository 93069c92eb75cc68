// Package slog is a handler for log/slog that writes every record as an audit entry.
//
//	logger := slog.New(auditslog.New(auditslog.Options{}))
//	logger.Info("user.login", "cid", cid, "current_user", id, "found", true)
//
// The message is the operation. The attributes cid, current_user, target_user, result and remote_addr outside of any
// group are what they say; all others become members of extra, groups as objects. Levels: what is below slog.LevelInfo
// is debug (7), then info (6), from slog.LevelWarn on warning (4), from slog.LevelError on error (3). No level is left
// out. A call returns when the entry is durable.
package slog

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"sync"
	"time"

	"constat/audit"
)

// Options are the choices of a [Handler]. The zero value is the daemon of this machine.
type Options struct {
	// Client writes the entries; nil is the zero [audit.Client].
	Client *audit.Client
	// Failed, if set, is told of entries that could not be written: log/slog itself drops the error.
	Failed func(error)
}

// Handler implements [slog.Handler].
type Handler struct {
	options Options
	text    *text
	json    slog.Handler // writes attributes into text
}

// text is what a JSON handler has written, for all handlers that come of one.
type text struct {
	mu     sync.Mutex
	buffer bytes.Buffer // guarded by mu
}

// New returns a handler.
func New(o Options) *Handler {
	if o.Client == nil {
		o.Client = &audit.Client{}
	}
	t := &text{}
	// Its own level lets everything through; what it thinks of levels does not count.
	return &Handler{options: o, text: t, json: slog.NewJSONHandler(&t.buffer, &slog.HandlerOptions{Level: slog.Level(-1 << 20)})}
}

// Enabled is true: no level switches an audit log off.
func (h *Handler) Enabled(context.Context, slog.Level) bool { return true }

// WithAttrs implements [slog.Handler].
func (h *Handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &Handler{options: h.options, text: h.text, json: h.json.WithAttrs(attrs)}
}

// WithGroup implements [slog.Handler].
func (h *Handler) WithGroup(name string) slog.Handler {
	return &Handler{options: h.options, text: h.text, json: h.json.WithGroup(name)}
}

// Handle writes a record. Errors: see [audit.Client.Log].
func (h *Handler) Handle(ctx context.Context, r slog.Record) error {
	err := h.handle(ctx, r)
	if err != nil && h.options.Failed != nil {
		h.options.Failed(err)
	}
	return err
}

func (h *Handler) handle(ctx context.Context, r slog.Record) error {
	object, err := h.object(ctx, r)
	if err != nil {
		return err
	}
	e := record{options: []audit.Option{audit.At(r.Time)}}
	if err := e.read(object); err != nil {
		return err
	}
	return h.options.Client.Log(ctx, levelOf(r.Level), e.cid, r.Message, e.options...)
}

// object is the record as one JSON object. Time and message are not in it: the first member is the level.
func (h *Handler) object(ctx context.Context, r slog.Record) ([]byte, error) {
	r.Time, r.Message, r.PC = time.Time{}, "", 0
	h.text.mu.Lock()
	defer h.text.mu.Unlock()
	h.text.buffer.Reset()
	err := h.json.Handle(ctx, r)
	return slices.Clone(h.text.buffer.Bytes()), err
}

func levelOf(l slog.Level) audit.Level {
	switch {
	case l >= slog.LevelError:
		return audit.LevelError
	case l >= slog.LevelWarn:
		return audit.LevelWarn
	case l >= slog.LevelInfo:
		return audit.LevelInfo
	}
	return audit.LevelInfo + 1
}

// record is what the attributes of a record say.
type record struct {
	cid     string
	options []audit.Option
}

// ownMembers is how many members the JSON handler writes before the attributes: level and message.
const ownMembers = 2

// read reads the object of a record.
func (e *record) read(object []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(object))
	if _, err := decoder.Token(); err != nil {
		return err
	}
	for n := 0; decoder.More(); n++ {
		key, err := decoder.Token()
		if err != nil {
			return err
		}
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return err
		}
		if n >= ownMembers {
			e.member(key.(string), value)
		}
	}
	return nil
}

// member takes one attribute.
func (e *record) member(key string, value json.RawMessage) {
	plain := string(value)
	if len(value) > 0 && value[0] == '"' {
		_ = json.Unmarshal(value, &plain) // it was written by encoding/json
	}
	switch key {
	case "cid":
		e.cid = plain
	case "current_user":
		e.options = append(e.options, audit.CurrentUser(plain))
	case "target_user":
		e.options = append(e.options, audit.TargetUser(plain))
	case "result":
		e.options = append(e.options, audit.Result(plain))
	case "remote_addr":
		e.options = append(e.options, audit.RemoteAddr(plain))
	default:
		e.options = append(e.options, audit.Extra(map[string]json.RawMessage{key: value}))
	}
}
