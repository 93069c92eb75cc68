package entry

import "fmt"

// Raw is the field that holds the received octets where no renderer gives them back exactly.
const Raw = "_RAW"

// Renderer is the id of the function that gives the received octets back from the fields. Once released, a renderer
// never changes.
type Renderer uint16

// The renderers. RenderNone: the octets are in the field [Raw], or the entry was made by a program and there are none.
const (
	RenderNone    Renderer = iota
	RenderText             // MESSAGE
	RenderRFC5424          // RFC 5424
	RenderRFC3164          // RFC 3164 as syslog daemons write it
	RenderJSON             // one JSON object
	RenderExport           // an entry of the journal export format, its blank line included
	RenderZato             // a line of audit-pii.log as Zato writes it
	RenderStation          // a line as the first programs of a station wrote it
	RenderFrame            // a frame on the log channel of a station
	RenderBroker           // an event as the programs of a station publish it on their broker
	lastRenderer  = RenderBroker
)

// AppendReceived appends the octets as they were received. ok is false if the entry was made by a program and there
// are none. It returns an error, and dst as it was, if the parameters do not fit the renderer or a value is not at hand:
// values in blobs must have been put back.
func AppendReceived(dst []byte, e *Entry) (out []byte, ok bool, err error) {
	if raw, found := e.Get(Raw); found {
		return append(dst, raw...), true, nil
	}
	switch e.Renderer {
	case RenderNone:
		return dst, false, nil
	case RenderText:
		message, found := e.Get("MESSAGE")
		if !found {
			err = errAbsent
		}
		out = append(dst, message...)
	case RenderRFC5424:
		out, err = appendRFC5424(dst, e)
	case RenderRFC3164:
		out, err = appendRFC3164(dst, e)
	case RenderJSON:
		out, err = appendJSON(dst, e)
	case RenderExport:
		out, err = appendExport(dst, e)
	case RenderZato:
		out, err = appendZato(dst, e)
	case RenderStation:
		out, err = appendStation(dst, e)
	case RenderFrame:
		out, err = appendMessageFrame(dst, e)
	case RenderBroker:
		out, err = appendBroker(dst, e)
	default:
		err = fmt.Errorf("renderer %d: unknown", e.Renderer)
	}
	if err != nil {
		return dst, false, err
	}
	return out, true, nil
}
