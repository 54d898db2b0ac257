using IsoCatalog.Appliance.Ledger;

namespace IsoCatalog.Appliance.Fleet;

/// <summary>What time a peer says that it is. Thread-safe.</summary>
internal sealed class PeerClock(string site, PeerClient client, DocumentBook documents, TimeProvider time)
{
    private static readonly TimeSpan IsNew = TimeSpan.FromSeconds(2);

    private long _heard;

    /// <summary>Asks for the peer's clock, unless it was heard within two seconds. Never throws: who does not answer has no say.</summary>
    public async Task AskAsync(CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref _heard) is not 0 and var heard && time.GetElapsedTime(heard) < IsNew)
        {
            return;
        }

        try
        {
            Heard((await client.GetStateAsync(cancellationToken)).Offset);
        }
        catch (Exception e) when (e is PeerException or OperationCanceledException or ObjectDisposedException)
        {
            // Whoever asks it for its documents finds out and says what is wrong.
        }
    }

    /// <param name="offset">Its clock minus ours.</param>
    public void Heard(TimeSpan offset)
    {
        documents.RecordClock(site, offset);
        Volatile.Write(ref _heard, time.GetTimestamp());
    }
}
