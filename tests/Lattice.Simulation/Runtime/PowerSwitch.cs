namespace Lattice.Simulation.Runtime;

/// <summary>
/// The power of one machine. Disk and state engine ask it before each operation, so a crash can be placed between any
/// two of them, and in the middle of one.
/// </summary>
internal sealed class PowerSwitch
{
    private int _remaining = -1;

    /// <summary>Whether the machine is without power.</summary>
    public bool Off { get; private set; }

    /// <summary>Lets the power fail in the operation after so many more.</summary>
    public void FailAfter(int operations) => _remaining = operations;

    /// <summary>Forgets a failure that was ordered and has not happened.</summary>
    public void Disarm() => _remaining = -1;

    /// <summary>Turns the machine off.</summary>
    public void TurnOff()
    {
        Off = true;
        _remaining = -1;
    }

    /// <summary>Turns the machine on again.</summary>
    public void TurnOn() => Off = false;

    /// <summary>To be called at the start of every operation; true when the power fails in its course, so that the operation takes place in part and then calls <see cref="Fail"/>.</summary>
    public bool FailsNow()
    {
        if (Off)
        {
            throw new PowerFailedException();
        }

        if (_remaining < 0 || _remaining-- > 0)
        {
            return false;
        }

        TurnOff();
        return true;
    }

    /// <summary>Ends the operation that the power failed in.</summary>
    public static void Fail() => throw new PowerFailedException();
}
