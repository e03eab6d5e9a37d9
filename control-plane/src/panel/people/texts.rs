//! The texts of the pages about the vendor's people and one's own account, in both languages.

use crate::vendor_users::{VendorRole, model::UserState};

hotelhub_http::catalogue! {
    /// The texts of the pages about people.
    pub(super) PeopleTexts {
        account: "Akun Anda", "Your account";
        first_password: "Kata sandi Anda pernah dilihat orang lain. Pilih kata sandi sendiri dulu.",
            "Somebody else has seen your password. Choose your own first.";
        first_totp: "Pasang dulu faktor kedua. Setelah itu panel terbuka.",
            "Set up a second factor first. Then the panel opens.";
        totp: "Faktor kedua", "Second factor";
        totp_on: "Aktif", "On";
        totp_off: "Belum dipasang", "Not set up";
        totp_begin: "Pasang faktor kedua", "Set up a second factor";
        totp_begin_lead: "Anda memerlukan aplikasi autentikator di telepon.",
            "You need an authenticator app on your telephone.";
        totp_confirm: "Pindai dan konfirmasi", "Scan and confirm";
        totp_confirm_lead: "Pindai kode QR dengan aplikasi autentikator, atau ketik kuncinya. Lalu masukkan kode yang tampil.",
            "Scan the QR code with your authenticator, or type the secret. Then give the code that it shows.";
        totp_confirm_again: "Konfirmasi dengan kode lain", "Confirm with another code";
        totp_confirm_again_lead: "Masukkan kode yang sekarang tampil di aplikasi. Kuncinya tidak ditampilkan lagi.",
            "Give the code that the authenticator shows now. The secret is not shown again.";
        reset_own_totp_lead: "Untuk memasang autentikator lain. Sesi Anda yang lain dan akses dukungan diakhiri.",
            "To set up another authenticator. Your other sessions and your support access end.";
        totp_secret: "Kunci", "Secret";
        qr_code: "Kode QR untuk aplikasi autentikator", "QR code for an authenticator";
        totp_use: "Aktifkan", "Turn on";
        told_totp: "Faktor kedua aktif. Sesi Anda yang lain diakhiri.",
            "The second factor is on. Your other sessions have ended.";
        recovery_codes: "Kode pemulihan", "Recovery codes";
        recovery_codes_lead: "Simpan di tempat aman: tidak ditampilkan lagi. Tiap kode berlaku sekali, sebagai ganti kode dari telepon.",
            "Keep them in a safe place: they are not shown again. Each is good once, in the place of a code.";
        recovery_renew: "Buat kode pemulihan baru", "Make new recovery codes";
        recovery_renew_lead: "Kode yang lama tidak berlaku lagi.", "The old ones are good for nothing then.";
        your_password: "Kata sandi Anda sekarang", "Your present password";
        new_password: "Kata sandi baru", "New password";
        new_password_hint: "12 sampai 128 karakter, tidak mudah ditebak.",
            "12 to 128 characters, not easy to guess.";
        change_password: "Ganti kata sandi", "Change the password";
        told_password: "Kata sandi diganti. Sesi Anda yang lain diakhiri.",
            "The password is changed. Your other sessions have ended.";
        users_lead: "Karyawan penyedia layanan yang boleh masuk ke panel ini.",
            "The vendor's people who may log in here.";
        no_users: "Tidak ada pengguna seperti itu.", "There are no such users.";
        name: "Nama", "Name";
        name_or_email: "Nama atau email", "Name or e-mail";
        role_word: "Peran", "Role";
        any_role: "Semua peran", "Any role";
        super_admin: "Super admin", "Super administrator";
        support: "Dukungan", "Support";
        finance: "Keuangan", "Finance";
        read_only: "Hanya melihat", "Read only";
        active: "Aktif", "Active";
        invited: "Diundang", "Invited";
        disabled: "Dinonaktifkan", "Disabled";
        addresses: "Alamat jaringan yang diizinkan", "Allowed addresses";
        addresses_hint: "Alamat dan rentang, misalnya 203.0.113.0/24, dipisah koma; kosong berarti dari mana saja.",
            "Addresses and ranges such as 203.0.113.0/24, joined with commas; from everywhere if empty.";
        from_everywhere: "Dari mana saja", "From everywhere";
        last_login: "Terakhir masuk", "Last login";
        new_user: "Tambah pengguna", "Add a user";
        new_user_lead: "Kata sandi sekali pakai ditampilkan sekali; berlaku tujuh hari dan hanya untuk memilih kata sandi sendiri.",
            "A one-time password is shown once; it holds for seven days, and only for choosing another one.";
        one_time_password: "Kata sandi sekali pakai", "One-time password";
        one_time_password_lead: "Sampaikan kepada orangnya lewat jalur yang aman. Tidak ditampilkan lagi.",
            "Pass it on to the person by a safe way. It is not shown again.";
        change_role: "Ganti peran", "Change the role";
        keep: "Simpan", "Save";
        disable_user: "Nonaktifkan", "Disable";
        enable_user: "Aktifkan kembali", "Enable";
        reset_password: "Buat kata sandi sekali pakai", "Make a one-time password";
        reset_totp: "Hapus faktor kedua", "Reset the second factor";
        audit_of_user: "Apa yang dilakukan orang ini", "What this person did";
        told_role: "Peran diganti.", "The role is changed.";
        told_disable: "Pengguna dinonaktifkan dan semua sesinya diakhiri.",
            "The user is disabled and all sessions have ended.";
        told_enable: "Pengguna aktif kembali.", "The user is enabled.";
        told_own_totp: "Faktor kedua Anda dihapus. Sesi Anda yang lain dan akses dukungan diakhiri.",
            "Your second factor is gone. Your other sessions and your support access end.";
        told_reset_totp: "Faktor kedua dihapus dan semua sesinya diakhiri.",
            "The second factor is reset and all sessions have ended.";
        told_addresses: "Alamat yang diizinkan disimpan.", "The allowed addresses are saved.";
    }
}

impl PeopleTexts {
    /// A role of the vendor's people.
    pub(super) fn role(&self, role: VendorRole) -> &'static str {
        match role {
            VendorRole::SuperAdmin => self.super_admin,
            VendorRole::Support => self.support,
            VendorRole::Finance => self.finance,
            VendorRole::ReadOnly => self.read_only,
        }
    }

    /// Whether somebody gets in: the value in addresses, and its name.
    pub(super) fn user_state(&self, state: UserState) -> (&'static str, &'static str) {
        match state {
            UserState::Active => ("active", self.active),
            UserState::Invited => ("invited", self.invited),
            UserState::Disabled => ("disabled", self.disabled),
        }
    }

    /// What was done, for the page that is shown after it.
    pub(super) fn told(&self, action: &str) -> Option<&'static str> {
        match action {
            "password" => Some(self.told_password),
            "role" => Some(self.told_role),
            "disable" => Some(self.told_disable),
            "enable" => Some(self.told_enable),
            "reset-totp" => Some(self.told_reset_totp),
            "own-totp" => Some(self.told_own_totp),
            "addresses" => Some(self.told_addresses),
            _ => None,
        }
    }
}
