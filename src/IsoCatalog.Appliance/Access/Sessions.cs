using IsoCatalog.Core.Hashing;

namespace IsoCatalog.Appliance.Access;

/// <summary>
/// Who signed in with a browser: its cookie holds a random id, and here stands, under the hash of that id, the hash of the token that was shown. A restart
/// forgets them all. At most <see cref="Most"/> are remembered, the oldest is forgotten first; each ends after <see cref="Lifetime"/>. Thread-safe.
/// </summary>
internal sealed class Sessions(TimeProvider time)
{
    public const int Most = 256;
    public static readonly TimeSpan Lifetime = TimeSpan.FromHours(12);

    private readonly Lock _lock = new();
    private readonly Dictionary<Sha256Digest, (Sha256Digest Token, long Opened)> _open = [];

    /// <returns>The id, which only the browser keeps.</returns>
    public string Open(Sha256Digest token)
    {
        var (id, hash) = Token.Generate();
        lock (_lock)
        {
            if (_open.Count >= Most)
            {
                _open.Remove(_open.MinBy(s => s.Value.Opened).Key);
            }

            _open[hash] = (token, time.GetTimestamp());
        }

        return id;
    }

    /// <summary>The hash of the token that the session was opened with; null when there is no such session, or it has ended.</summary>
    public Sha256Digest? TokenOf(string id)
    {
        if (id.Length > TokenTable.MaxTokenLength)
        {
            return null;
        }

        var hash = Token.HashOf(id);
        lock (_lock)
        {
            if (!_open.TryGetValue(hash, out var session))
            {
                return null;
            }

            if (time.GetElapsedTime(session.Opened) < Lifetime)
            {
                return session.Token;
            }

            _open.Remove(hash);
            return null;
        }
    }

    public void Close(string id)
    {
        lock (_lock)
        {
            _open.Remove(Token.HashOf(id));
        }
    }
}
