using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace IsoCatalog.Surfaces.Ipmi;

/// <summary>
/// The one URL shape that every BMC reader we know of can fetch: <c>http://&lt;ip&gt;[:port]/&lt;token&gt;/&lt;name&gt;.iso</c>. Exactly one
/// directory, characters <c>[a-z0-9._]</c> only, no query, the path at most <see cref="MaxPathLength"/> characters. docs/bmc.md says which
/// firmware each limit comes from. Pure.
/// </summary>
public static class BmcUrl
{
    /// <summary>AMI's raw IPMI fields hold 64 bytes with the closing zero.</summary>
    public const int MaxPathLength = 63;

    private const string Extension = ".iso";
    private const int MaxStemLength = MaxPathLength - 2 - BmcToken.Length - 4;

    // U+00C0 to U+017F without their accents; the runtime cannot decompose text in invariant globalization.
    private const string Latin =
        "aaaaaaaceeeeiiiidnooooo_ouuuuytsaaaaaaaceeeeiiiidnooooo_ouuuuyty"
        + "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiiiiijjkkkllllllllllnnnnnn_nnoooooooorrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";

    /// <summary>The file name as it stands in a URL: lower case, accents dropped, everything else that is not <c>[a-z0-9._]</c> an underscore
    /// (one for a run of them), short enough for <see cref="PathOf"/>, ending in <c>.iso</c>. Two names may give the same one; the token
    /// keeps them apart.</summary>
    public static string NameOf(string fileName)
    {
        var stem = Stem(fileName, MaxStemLength);
        return (stem.Length > 0 ? stem : "image") + Extension;
    }

    /// <summary>False where <see cref="NameOf"/> has to cut the file name, or leaves nothing of it.</summary>
    public static bool KeepsName(string fileName) => Stem(fileName, int.MaxValue).Length is > 0 and <= MaxStemLength;

    private static string Stem(string fileName, int longest)
    {
        ArgumentNullException.ThrowIfNull(fileName);
        var stem = fileName.EndsWith(Extension, StringComparison.OrdinalIgnoreCase) ? fileName[..^Extension.Length] : fileName;
        var name = new StringBuilder(MaxPathLength);
        foreach (var character in stem)
        {
            if (character is >= '\u0300' and <= '\u036f')
            {
                continue;
            }

            var plain = Plain(character);
            if (plain != '_' || (name.Length > 0 && name[^1] != '_'))
            {
                name.Append(plain);
            }

            if (name.Length == longest)
            {
                break;
            }
        }

        // A leading or trailing dot would read as a hidden file or a second extension.
        return name.ToString().Trim('.', '_');
    }

    /// <exception cref="ArgumentException">The token is not one.</exception>
    public static string PathOf(string token, string fileName)
    {
        if (!BmcToken.IsValid(token))
        {
            throw new ArgumentException("A token is 16 characters a-z and 2-7.", nameof(token));
        }

        var path = $"/{token}/{NameOf(fileName)}";
        Debug.Assert(path.Length <= MaxPathLength, path);
        return path;
    }

    /// <summary>An IP address and never a name, because BMCs often have no working resolver; the port only where it is not the scheme's own.</summary>
    public static string Of(string scheme, IPAddress address, int port, string path)
    {
        ArgumentNullException.ThrowIfNull(address);
        var host = address.AddressFamily == AddressFamily.InterNetworkV6 ? $"[{address}]" : address.ToString();
        var standard = scheme == Uri.UriSchemeHttps ? 443 : 80;
        return port == standard ? $"{scheme}://{host}{path}" : $"{scheme}://{host}:{port}{path}";
    }

    private static char Plain(char character) => character switch
    {
        >= 'a' and <= 'z' or >= '0' and <= '9' or '.' => character,
        >= 'A' and <= 'Z' => (char)(character | 0x20),
        >= '\u00c0' and <= '\u017f' => Latin[character - 0xc0],
        _ => '_',
    };
}
