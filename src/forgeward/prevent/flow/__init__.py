"""Links the value graphs of an app: modules, calls, entries, slices, guards."""
