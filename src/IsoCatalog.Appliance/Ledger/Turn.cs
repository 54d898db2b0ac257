using IsoCatalog.Core.Readiness;

namespace IsoCatalog.Appliance.Ledger;

/// <summary>
/// The right to change what the site knows. Whoever has it is alone with the newest view until it is given back; whatever is done meanwhile takes no longer than a
/// few file-system calls. It stays in the method that took it, and nobody takes a second one.
/// </summary>
internal readonly ref struct Turn
{
    private readonly SiteLedger _ledger;
    private readonly Lock.Scope _scope;

    public Turn(SiteLedger ledger, Lock.Scope scope, DateTimeOffset now)
    {
        _ledger = ledger;
        _scope = scope;
        Now = now;
    }

    /// <summary>The newest view. Nobody changes it but who has the turn.</summary>
    public SiteView View => _ledger.View;

    /// <summary>When the turn was taken.</summary>
    public DateTimeOffset Now { get; }

    /// <summary>Makes the change, in the order of <see cref="Change"/>.</summary>
    /// <returns>Null when it is made. Else why it was not, and then nothing was changed.</returns>
    public Refusal? Make(Change change) => _ledger.Make_NeedsLock(change);

    /// <summary>Makes it known that an epoch was begun, before anything is written in it.</summary>
    public Refusal? SaveEpoch() => _ledger.SaveEpoch_NeedsLock();

    public void Dispose() => _scope.Dispose();
}
