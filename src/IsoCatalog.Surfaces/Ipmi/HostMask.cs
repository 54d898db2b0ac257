namespace IsoCatalog.Surfaces.Ipmi;

/// <summary>
/// Overwrites, in the bytes of requests, whom the client believes to speak to: the value of each Host line, and the authority of a target in absolute form
/// (RFC 9112 sections 3.2 and 3.2.2). Nothing here depends on either, and a server that looks at them refuses what BMCs send: an address with a zone, a space, a name
/// that is not the one in the target. Every byte keeps its place, so that all limits and every other rule of the parser see what was sent. Fed with all bytes
/// of a connection, in order. Not thread-safe.
/// </summary>
internal sealed class HostMask
{
    // What a host name may have at most between two dots is 63 (RFC 1035 section 2.3.4).
    private const int LabelLength = 32;

    private Place _place = Place.RequestStart;
    private int _matched;
    private int _plain;
    private int _secure;

    private enum Place
    {
        RequestStart,
        Method,
        TargetStart,
        Authority,
        RestOfLine,
        LineStart,
        Name,
        Host,
    }

    public void Overwrite(Span<byte> bytes)
    {
        foreach (ref var one in bytes)
        {
            _place = Next(ref one);
        }
    }

    private Place Next(ref byte one)
    {
        switch (_place)
        {
            case Place.RequestStart:
                return one is (byte)'\r' or (byte)'\n' ? Place.RequestStart : Place.Method;
            case Place.Method when one == ' ':
                (_plain, _secure) = (0, 0);
                return Place.TargetStart;
            case Place.TargetStart:
                return TargetStart(ref one);
            case Place.Authority when one is not ((byte)'/' or (byte)'?' or (byte)'#' or (byte)' ' or (byte)'\r' or (byte)'\n'):
                one = _matched++ % LabelLength == LabelLength - 1 ? (byte)'.' : (byte)'a';
                return Place.Authority;
            case Place.Host when one is not ((byte)'\r' or (byte)'\n'):
                one = (byte)'a';
                return Place.Host;
            case Place.LineStart when one == '\n':
                return Place.RequestStart;
            case Place.LineStart when one == '\r':
                return Place.LineStart;
            case Place.LineStart:
                _matched = 0;
                return Name(one);
            case Place.Name:
                return Name(one);
            default:
                return one == '\n' ? Place.LineStart : _place is Place.Authority or Place.Host ? Place.RestOfLine : _place;
        }
    }

    private Place TargetStart(ref byte one)
    {
        _plain = Matched("http://"u8, _plain, one);
        _secure = Matched("https://"u8, _secure, one);
        _matched = 0;
        if (_plain > 0 || _secure > 0)
        {
            // The scheme may be written in capitals (RFC 3986 section 3.1), which the parser does not know. Its other characters are what they were.
            one = Lower(one);
        }

        return _plain == "http://"u8.Length || _secure == "https://"u8.Length ? Place.Authority
            : _plain > 0 || _secure > 0 ? Place.TargetStart
            : one == '\n' ? Place.LineStart
            : Place.RestOfLine;
    }

    private Place Name(byte one)
    {
        _matched = Matched("host:"u8, _matched, one);
        return _matched == "host:"u8.Length ? Place.Host
            : _matched > 0 ? Place.Name
            : one == '\n' ? Place.LineStart
            : Place.RestOfLine;
    }

    /// <returns>How much of the word has come by now; 0 once it cannot be the word any more.</returns>
    private static int Matched(ReadOnlySpan<byte> word, int before, byte one) =>
        before < word.Length && Lower(one) == word[before] ? before + 1 : 0;

    private static byte Lower(byte one) => one is >= (byte)'A' and <= (byte)'Z' ? (byte)(one | 0x20) : one;
}
