// Package query is the language in which entries are asked for: a filter, then pipes. [Parse] reads it, [ParseArgs]
// reads the arguments of a command line, String prints it in one canonical spelling. The package knows neither store
// nor entry: whoever executes a query walks its tree. docs/query.md is the reference for people.
//
// A role (message, host, app, pid, unit, level, facility) may stand where a field does and means the first field of
// the role that the entry has. Roles are written in lower case; "" is the role message.
package query
