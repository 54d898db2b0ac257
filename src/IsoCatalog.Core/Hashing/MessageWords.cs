using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace IsoCatalog.Core.Hashing;

/// <summary>
/// Brings the 64-byte blocks of several messages into the order in which SHA-1 and SHA-256 take them: vector i holds
/// word i (big-endian) of all messages, lane by lane.
/// </summary>
internal static unsafe class MessageWords
{
    private static Vector128<byte> BigEndian => Vector128.Create((byte)3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12);

    // Word i of all messages into w[i]: four words of four messages are turned within each 128-bit quarter.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Load(Vector512<uint>* w, byte** messages, nint offset)
    {
        var bigEndian = Vector512.Create(BigEndian);
        for (var quarter = 0; quarter < 4; quarter++, offset += 16, w += 4)
        {
            var (r0, r1) = (FourRows(messages, offset), FourRows(messages + 1, offset));
            var (r2, r3) = (FourRows(messages + 2, offset), FourRows(messages + 3, offset));
            var (low01, high01) = (Avx512F.UnpackLow(r0, r1).AsUInt64(), Avx512F.UnpackHigh(r0, r1).AsUInt64());
            var (low23, high23) = (Avx512F.UnpackLow(r2, r3).AsUInt64(), Avx512F.UnpackHigh(r2, r3).AsUInt64());
            w[0] = Avx512BW.Shuffle(Avx512F.UnpackLow(low01, low23).AsByte(), bigEndian).AsUInt32();
            w[1] = Avx512BW.Shuffle(Avx512F.UnpackHigh(low01, low23).AsByte(), bigEndian).AsUInt32();
            w[2] = Avx512BW.Shuffle(Avx512F.UnpackLow(high01, high23).AsByte(), bigEndian).AsUInt32();
            w[3] = Avx512BW.Shuffle(Avx512F.UnpackHigh(high01, high23).AsByte(), bigEndian).AsUInt32();
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> FourRows(byte** messages, nint offset)
    {
        var rows = Vector128.Load((uint*)(messages[0] + offset)).ToVector256Unsafe().ToVector512Unsafe();
        rows = Avx512F.InsertVector128(rows, Vector128.Load((uint*)(messages[4] + offset)), 1);
        rows = Avx512F.InsertVector128(rows, Vector128.Load((uint*)(messages[8] + offset)), 2);
        return Avx512F.InsertVector128(rows, Vector128.Load((uint*)(messages[12] + offset)), 3);
    }

    // Word i of all messages into w[i]: four words of four messages are turned within each 128-bit half.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Load(Vector256<uint>* w, byte** messages, nint offset)
    {
        var bigEndian = Vector256.Create(BigEndian);
        for (var quarter = 0; quarter < 4; quarter++, offset += 16, w += 4)
        {
            var (r0, r1) = (TwoRows(messages, offset), TwoRows(messages + 1, offset));
            var (r2, r3) = (TwoRows(messages + 2, offset), TwoRows(messages + 3, offset));
            var (low01, high01) = (Avx2.UnpackLow(r0, r1).AsUInt64(), Avx2.UnpackHigh(r0, r1).AsUInt64());
            var (low23, high23) = (Avx2.UnpackLow(r2, r3).AsUInt64(), Avx2.UnpackHigh(r2, r3).AsUInt64());
            w[0] = Avx2.Shuffle(Avx2.UnpackLow(low01, low23).AsByte(), bigEndian).AsUInt32();
            w[1] = Avx2.Shuffle(Avx2.UnpackHigh(low01, low23).AsByte(), bigEndian).AsUInt32();
            w[2] = Avx2.Shuffle(Avx2.UnpackLow(high01, high23).AsByte(), bigEndian).AsUInt32();
            w[3] = Avx2.Shuffle(Avx2.UnpackHigh(high01, high23).AsByte(), bigEndian).AsUInt32();
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> TwoRows(byte** messages, nint offset) => Avx2.InsertVector128(
        Vector128.Load((uint*)(messages[0] + offset)).ToVector256Unsafe(), Vector128.Load((uint*)(messages[4] + offset)), 1);
}
