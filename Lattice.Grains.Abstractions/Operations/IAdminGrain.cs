namespace Lattice.Grains;

/// <summary>
/// What operators do to the cluster; key 0, one for the whole cluster. An operation goes on when whoever asked for it has gone, and on another node
/// when the one that ran it is lost; it is journaled and can be looked at.
/// </summary>
[Alias("lattice.admin")]
public interface IAdminGrain : IGrainWithIntegerKey
{
    /// <summary>What an operation would do, whether it may, and what has to be confirmed first. Changes nothing.</summary>
    [Alias("plan")]
    [ResponseTimeout("00:00:10")]
    ValueTask<OperationPlan> Plan(OperationRequest request);

    /// <summary>Begins an operation; asked for twice under one id, it is begun once.</summary>
    /// <returns>How it stands; its <see cref="OperationReport.Refusal"/> says why it was not begun.</returns>
    [Alias("start")]
    [ResponseTimeout("00:00:15")]
    ValueTask<OperationReport> Start(OperationRequest request);

    /// <summary>How an operation stands; null: there is none of this id.</summary>
    [Alias("find")]
    [ResponseTimeout("00:00:10")]
    ValueTask<OperationReport?> Find(Guid id);

    /// <summary>The latest operations, newest first.</summary>
    [Alias("list")]
    [ResponseTimeout("00:00:10")]
    ValueTask<OperationHistory> List();

    /// <summary>Remembers who was not let in to something that only operators may do. Nodes tell it; not everything, if it is much.</summary>
    /// <param name="who">Whose token it was.</param>
    /// <param name="what">What was wanted.</param>
    /// <param name="why">Why not.</param>
    [Alias("note-denied")]
    [ResponseTimeout("00:00:10")]
    ValueTask NoteDenied(string who, string what, string why);

    /// <summary>Goes on with operations whose node was lost. Nodes ask for it now and then.</summary>
    [Alias("resume")]
    [ResponseTimeout("00:00:10")]
    ValueTask Resume();
}
