namespace Lattice.Core.State;

/// <summary>
/// An entry of the log or a row of the state is not in a format that this binary reads. Going on would let this replica's
/// state differ from the others', so the node has to stop. The message says what was found and what to do.
/// </summary>
public sealed class StateFormatException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>Bytes given to a decoder do not follow <c>docs/wire-format.md</c>.</summary>
public sealed class WireFormatException(string message) : FormatException(message);
