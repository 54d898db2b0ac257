using System.Runtime.InteropServices;

namespace IsoCatalog.Core.Hashing;

/// <summary>Page-aligned memory that goes back to the system as soon as it is disposed.</summary>
internal sealed unsafe class NativeBlock : SafeHandle
{
    public NativeBlock(nuint length)
        : base(0, ownsHandle: true) => SetHandle((nint)NativeMemory.AlignedAlloc(length, 4096));

    public override bool IsInvalid => handle == 0;

    public byte* Start => (byte*)handle;

    protected override bool ReleaseHandle()
    {
        NativeMemory.AlignedFree((void*)handle);
        return true;
    }
}
