using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace IsoCatalog.Core.Hashing;

/// <summary>SHA-1 (FIPS 180-4) of eight messages at once: lane i of every vector belongs to message i.</summary>
internal static unsafe class Sha1x8
{
    public const int Lanes = 8;
    public const int StateVectors = 5;

    public static bool IsSupported => Avx2.IsSupported;

    private interface IPhase
    {
        static abstract uint Constant { get; }

        static virtual bool Expands => true;

        static abstract Vector256<uint> Mix(Vector256<uint> b, Vector256<uint> c, Vector256<uint> d);
    }

    public static void Begin(Vector256<uint>* state)
    {
        state[0] = Vector256.Create(0x67452301u);
        state[1] = Vector256.Create(0xefcdab89u);
        state[2] = Vector256.Create(0x98badcfeu);
        state[3] = Vector256.Create(0x10325476u);
        state[4] = Vector256.Create(0xc3d2e1f0u);
    }

    /// <summary>Feeds the next <paramref name="blocks"/> times 64 bytes of each message into its state.</summary>
    /// <param name="state">Five vectors, at first as <see cref="Begin"/> leaves them.</param>
    /// <param name="messages">Eight pointers; the same one may occur more than once.</param>
    /// <param name="blocks">How many blocks each pointer leads to.</param>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Append(Vector256<uint>* state, byte** messages, int blocks)
    {
        var w = stackalloc Vector256<uint>[80];
        for (nint offset = 0; offset < blocks * 64; offset += 64)
        {
            MessageWords.Load(w, messages, offset);
            var (a, b, c, d, e) = (state[0], state[1], state[2], state[3], state[4]);
            Rounds<Choose>(w, ref a, ref b, ref c, ref d, ref e);
            Rounds<Parity1>(w + 20, ref a, ref b, ref c, ref d, ref e);
            Rounds<Majority>(w + 40, ref a, ref b, ref c, ref d, ref e);
            ExpandFour(w + 60);
            Rounds<Parity2>(w + 60, ref a, ref b, ref c, ref d, ref e);
            state[0] += a;
            state[1] += b;
            state[2] += c;
            state[3] += d;
            state[4] += e;
        }
    }

    // What the next round waits for (a) is added last.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Rounds<TPhase>(
        Vector256<uint>* w, ref Vector256<uint> a, ref Vector256<uint> b, ref Vector256<uint> c, ref Vector256<uint> d, ref Vector256<uint> e)
        where TPhase : struct, IPhase
    {
        var k = Vector256.Create(TPhase.Constant);
        for (var end = w + 20; w < end; w += 5)
        {
            e = e + Take<TPhase>(w) + k + TPhase.Mix(b, c, d) + Rotate(a, 5);
            b = Rotate(b, 30);
            d = d + Take<TPhase>(w + 1) + k + TPhase.Mix(a, b, c) + Rotate(e, 5);
            a = Rotate(a, 30);
            c = c + Take<TPhase>(w + 2) + k + TPhase.Mix(e, a, b) + Rotate(d, 5);
            e = Rotate(e, 30);
            b = b + Take<TPhase>(w + 3) + k + TPhase.Mix(d, e, a) + Rotate(c, 5);
            d = Rotate(d, 30);
            a = a + Take<TPhase>(w + 4) + k + TPhase.Mix(c, d, e) + Rotate(b, 5);
            c = Rotate(c, 30);
        }
    }

    // Gives the word of this round, and makes that of the sixteenth round from here.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> Take<TPhase>(Vector256<uint>* w)
        where TPhase : struct, IPhase
    {
        if (TPhase.Expands)
        {
            w[16] = Rotate(Xor(w[13], w[8], w[2]) ^ w[0], 1);
        }

        return w[0];
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ExpandFour(Vector256<uint>* w)
    {
        Take<Majority>(w);
        Take<Majority>(w + 1);
        Take<Majority>(w + 2);
        Take<Majority>(w + 3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> Rotate(Vector256<uint> x, [ConstantExpected] byte bits) =>
        Avx512F.VL.IsSupported ? Avx512F.VL.RotateLeft(x, bits) : (x << bits) | (x >>> (32 - bits));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> Xor(Vector256<uint> x, Vector256<uint> y, Vector256<uint> z) =>
        Avx512F.VL.IsSupported ? Avx512F.VL.TernaryLogic(x, y, z, 0x96) : x ^ y ^ z;

    private readonly struct Choose : IPhase
    {
        public static uint Constant => 0x5a827999;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<uint> Mix(Vector256<uint> b, Vector256<uint> c, Vector256<uint> d) =>
            Avx512F.VL.IsSupported ? Avx512F.VL.TernaryLogic(b, c, d, 0xCA) : d ^ (b & (c ^ d));
    }

    private readonly struct Parity1 : IPhase
    {
        public static uint Constant => 0x6ed9eba1;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<uint> Mix(Vector256<uint> b, Vector256<uint> c, Vector256<uint> d) => Xor(b, c, d);
    }

    private readonly struct Majority : IPhase
    {
        public static uint Constant => 0x8f1bbcdc;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<uint> Mix(Vector256<uint> b, Vector256<uint> c, Vector256<uint> d) =>
            Avx512F.VL.IsSupported ? Avx512F.VL.TernaryLogic(b, c, d, 0xE8) : (b & c) | (d & (b | c));
    }

    private readonly struct Parity2 : IPhase
    {
        public static uint Constant => 0xca62c1d6;

        public static bool Expands => false;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<uint> Mix(Vector256<uint> b, Vector256<uint> c, Vector256<uint> d) => Xor(b, c, d);
    }
}
