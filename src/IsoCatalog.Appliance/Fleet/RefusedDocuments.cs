using IsoCatalog.Core.Hashing;

namespace IsoCatalog.Appliance.Fleet;

/// <summary>What a peer has and we do not want, so that it is not fetched each time again; for ten minutes, because rules look at clocks and trust.</summary>
internal sealed class RefusedDocuments(TimeProvider time)
{
    private const int Most = 1024;

    private static readonly TimeSpan Remembered = TimeSpan.FromMinutes(10);

    private readonly Dictionary<Sha256Digest, long> _at = [];

    public bool Holds(Sha256Digest document) => _at.TryGetValue(document, out var at) && time.GetElapsedTime(at) < Remembered;

    public void Add(Sha256Digest document)
    {
        if (_at.Count >= Most)
        {
            _at.Clear();
        }

        _at[document] = time.GetTimestamp();
    }

    public void Clear() => _at.Clear();
}
