namespace Lattice.Simulation.Runtime;

/// <summary>The system under test broke a promise. The message says which, and what was seen.</summary>
internal sealed class SimulationFailure(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>The power of a simulated machine went off in the middle of an operation; whatever ran on it is gone.</summary>
internal sealed class PowerFailedException() : Exception("The power of the simulated machine failed.");
