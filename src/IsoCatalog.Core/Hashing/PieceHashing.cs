using System.Security.Cryptography;

namespace IsoCatalog.Core.Hashing;

/// <summary>Whether this machine hashes several v1 pieces at once faster than one after the other. Measured once, for a millisecond.</summary>
internal static class PieceHashing
{
    private static readonly Lazy<double> LanesToPlatform = new(() => Measure(TimeProvider.System));

    /// <param name="lanes">How many of the lanes would have a piece of their own.</param>
    public static bool LanesAreFaster(int lanes) =>
        Sha1x8.IsSupported && LanesToPlatform.Value * lanes / Sha1x8.Lanes > 1;

    private static unsafe double Measure(TimeProvider clock)
    {
        const int length = 16 * 1024;
        var data = new byte[length * Sha1x8.Lanes];
        var state = stackalloc System.Runtime.Intrinsics.Vector256<uint>[Sha1x8.StateVectors];
        var messages = stackalloc byte*[Sha1x8.Lanes];
        Span<byte> digest = stackalloc byte[Sha1Digest.Length];
        var (lanes, platform) = (TimeSpan.MaxValue, TimeSpan.MaxValue);
        fixed (byte* first = data)
        {
            for (var lane = 0; lane < Sha1x8.Lanes; lane++)
            {
                messages[lane] = first + lane * length;
            }

            for (var run = 0; run < 5; run++)
            {
                var start = clock.GetTimestamp();
                Sha1x8.Begin(state);
                Sha1x8.Append(state, messages, length / 64);
                lanes = Shorter(lanes, clock.GetElapsedTime(start));
                start = clock.GetTimestamp();
#pragma warning disable CA5350 // It is measured, not relied on.
                SHA1.HashData(data, digest);
#pragma warning restore CA5350
                platform = Shorter(platform, clock.GetElapsedTime(start));
            }
        }

        return platform / (lanes + TimeSpan.FromTicks(1));
    }

    private static TimeSpan Shorter(TimeSpan left, TimeSpan right) => left < right ? left : right;
}
