using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace IsoCatalog.Core.Hashing;

/// <summary>
/// SHA-256 (FIPS 180-4) of 16 messages of equal length at once: lane i of every vector belongs to message i.
/// The message words stay in memory and the state in registers, so the compiler has nothing to spill.
/// </summary>
internal static unsafe class Sha256x16
{
    public const int Lanes = 16;

    public static bool IsSupported => Avx512F.IsSupported && Avx512BW.IsSupported;

    /// <summary>Hashes messages of <paramref name="blocks"/> times 64 bytes, the last one followed by the same <paramref name="ending"/>.</summary>
    /// <param name="messages">16 pointers; the same one may occur more than once.</param>
    /// <param name="blocks">How many blocks each pointer leads to.</param>
    /// <param name="ending">The last block of every message: the padding that its length asks for.</param>
    /// <param name="digests">16 times 32 bytes.</param>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Hash(byte** messages, int blocks, byte* ending, byte* digests)
    {
        var state = stackalloc Vector512<uint>[8];
        for (var i = 0; i < 8; i++)
        {
            state[i] = Vector512.Create(Sha256Constants.Initial[i]);
        }

        for (nint offset = 0; offset < blocks * 64; offset += 64)
        {
            Compress(state, messages, offset);
        }

        var endings = stackalloc byte*[Lanes];
        new Span<nint>(endings, Lanes).Fill((nint)ending);
        Compress(state, endings, 0);
        for (var lane = 0; lane < Lanes; lane++)
        {
            for (var i = 0; i < 8; i++)
            {
                Unsafe.WriteUnaligned(digests + lane * 32 + i * 4, BinaryPrimitives.ReverseEndianness(((uint*)(state + i))[lane]));
            }
        }
    }

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Compress(Vector512<uint>* state, byte** messages, nint offset)
    {
        var w = stackalloc Vector512<uint>[16];
        MessageWords.Load(w, messages, offset);
        var (a, b, c, d) = (state[0], state[1], state[2], state[3]);
        var (e, f, g, h) = (state[4], state[5], state[6], state[7]);
        Vector512<uint> t;
        var k = (uint*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(Sha256Constants.Rounds));
        t = h + Sum1(e) + Choose(e, f, g) + (w[0] + Vector512.Create(k[0]));
        d += t;
        h = t + Sum0(a) + Majority(a, b, c);
        t = g + Sum1(d) + Choose(d, e, f) + (w[1] + Vector512.Create(k[1]));
        c += t;
        g = t + Sum0(h) + Majority(h, a, b);
        t = f + Sum1(c) + Choose(c, d, e) + (w[2] + Vector512.Create(k[2]));
        b += t;
        f = t + Sum0(g) + Majority(g, h, a);
        t = e + Sum1(b) + Choose(b, c, d) + (w[3] + Vector512.Create(k[3]));
        a += t;
        e = t + Sum0(f) + Majority(f, g, h);
        t = d + Sum1(a) + Choose(a, b, c) + (w[4] + Vector512.Create(k[4]));
        h += t;
        d = t + Sum0(e) + Majority(e, f, g);
        t = c + Sum1(h) + Choose(h, a, b) + (w[5] + Vector512.Create(k[5]));
        g += t;
        c = t + Sum0(d) + Majority(d, e, f);
        t = b + Sum1(g) + Choose(g, h, a) + (w[6] + Vector512.Create(k[6]));
        f += t;
        b = t + Sum0(c) + Majority(c, d, e);
        t = a + Sum1(f) + Choose(f, g, h) + (w[7] + Vector512.Create(k[7]));
        e += t;
        a = t + Sum0(b) + Majority(b, c, d);
        t = h + Sum1(e) + Choose(e, f, g) + (w[8] + Vector512.Create(k[8]));
        d += t;
        h = t + Sum0(a) + Majority(a, b, c);
        t = g + Sum1(d) + Choose(d, e, f) + (w[9] + Vector512.Create(k[9]));
        c += t;
        g = t + Sum0(h) + Majority(h, a, b);
        t = f + Sum1(c) + Choose(c, d, e) + (w[10] + Vector512.Create(k[10]));
        b += t;
        f = t + Sum0(g) + Majority(g, h, a);
        t = e + Sum1(b) + Choose(b, c, d) + (w[11] + Vector512.Create(k[11]));
        a += t;
        e = t + Sum0(f) + Majority(f, g, h);
        t = d + Sum1(a) + Choose(a, b, c) + (w[12] + Vector512.Create(k[12]));
        h += t;
        d = t + Sum0(e) + Majority(e, f, g);
        t = c + Sum1(h) + Choose(h, a, b) + (w[13] + Vector512.Create(k[13]));
        g += t;
        c = t + Sum0(d) + Majority(d, e, f);
        t = b + Sum1(g) + Choose(g, h, a) + (w[14] + Vector512.Create(k[14]));
        f += t;
        b = t + Sum0(c) + Majority(c, d, e);
        t = a + Sum1(f) + Choose(f, g, h) + (w[15] + Vector512.Create(k[15]));
        e += t;
        a = t + Sum0(b) + Majority(b, c, d);
        for (var round = 16; round < 64; round += 16)
        {
            k += 16;
            t = h + Sum1(e) + Choose(e, f, g) + (Next(w, 0) + Vector512.Create(k[0]));
            d += t;
            h = t + Sum0(a) + Majority(a, b, c);
            t = g + Sum1(d) + Choose(d, e, f) + (Next(w, 1) + Vector512.Create(k[1]));
            c += t;
            g = t + Sum0(h) + Majority(h, a, b);
            t = f + Sum1(c) + Choose(c, d, e) + (Next(w, 2) + Vector512.Create(k[2]));
            b += t;
            f = t + Sum0(g) + Majority(g, h, a);
            t = e + Sum1(b) + Choose(b, c, d) + (Next(w, 3) + Vector512.Create(k[3]));
            a += t;
            e = t + Sum0(f) + Majority(f, g, h);
            t = d + Sum1(a) + Choose(a, b, c) + (Next(w, 4) + Vector512.Create(k[4]));
            h += t;
            d = t + Sum0(e) + Majority(e, f, g);
            t = c + Sum1(h) + Choose(h, a, b) + (Next(w, 5) + Vector512.Create(k[5]));
            g += t;
            c = t + Sum0(d) + Majority(d, e, f);
            t = b + Sum1(g) + Choose(g, h, a) + (Next(w, 6) + Vector512.Create(k[6]));
            f += t;
            b = t + Sum0(c) + Majority(c, d, e);
            t = a + Sum1(f) + Choose(f, g, h) + (Next(w, 7) + Vector512.Create(k[7]));
            e += t;
            a = t + Sum0(b) + Majority(b, c, d);
            t = h + Sum1(e) + Choose(e, f, g) + (Next(w, 8) + Vector512.Create(k[8]));
            d += t;
            h = t + Sum0(a) + Majority(a, b, c);
            t = g + Sum1(d) + Choose(d, e, f) + (Next(w, 9) + Vector512.Create(k[9]));
            c += t;
            g = t + Sum0(h) + Majority(h, a, b);
            t = f + Sum1(c) + Choose(c, d, e) + (Next(w, 10) + Vector512.Create(k[10]));
            b += t;
            f = t + Sum0(g) + Majority(g, h, a);
            t = e + Sum1(b) + Choose(b, c, d) + (Next(w, 11) + Vector512.Create(k[11]));
            a += t;
            e = t + Sum0(f) + Majority(f, g, h);
            t = d + Sum1(a) + Choose(a, b, c) + (Next(w, 12) + Vector512.Create(k[12]));
            h += t;
            d = t + Sum0(e) + Majority(e, f, g);
            t = c + Sum1(h) + Choose(h, a, b) + (Next(w, 13) + Vector512.Create(k[13]));
            g += t;
            c = t + Sum0(d) + Majority(d, e, f);
            t = b + Sum1(g) + Choose(g, h, a) + (Next(w, 14) + Vector512.Create(k[14]));
            f += t;
            b = t + Sum0(c) + Majority(c, d, e);
            t = a + Sum1(f) + Choose(f, g, h) + (Next(w, 15) + Vector512.Create(k[15]));
            e += t;
            a = t + Sum0(b) + Majority(b, c, d);
        }

        state[0] += a;
        state[1] += b;
        state[2] += c;
        state[3] += d;
        state[4] += e;
        state[5] += f;
        state[6] += g;
        state[7] += h;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Next(Vector512<uint>* w, int i) =>
        w[i] = (w[i] + w[(i + 9) & 15]) + (Spread0(w[(i + 1) & 15]) + Spread1(w[(i + 14) & 15]));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Sum0(Vector512<uint> x) => Xor(Rotate(x, 2), Rotate(x, 13), Rotate(x, 22));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Sum1(Vector512<uint> x) => Xor(Rotate(x, 6), Rotate(x, 11), Rotate(x, 25));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Spread0(Vector512<uint> x) => Xor(Rotate(x, 7), Rotate(x, 18), x >>> 3);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Spread1(Vector512<uint> x) => Xor(Rotate(x, 17), Rotate(x, 19), x >>> 10);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Rotate(Vector512<uint> x, [ConstantExpected] byte bits) => Avx512F.RotateRight(x, bits);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Xor(Vector512<uint> x, Vector512<uint> y, Vector512<uint> z) => Avx512F.TernaryLogic(x, y, z, 0x96);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Choose(Vector512<uint> x, Vector512<uint> y, Vector512<uint> z) => Avx512F.TernaryLogic(x, y, z, 0xCA);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Majority(Vector512<uint> x, Vector512<uint> y, Vector512<uint> z) => Avx512F.TernaryLogic(x, y, z, 0xE8);
}
